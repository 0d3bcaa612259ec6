-- Do flights leave later when the wind blows?
-- edit: 1000 => 20000
SELECT w.origin,
  CASE WHEN w.wind_speed < 10 THEN 'calm' WHEN w.wind_speed < 20 THEN 'breeze' ELSE 'wind' END AS weather,
  count(*) AS flights, round(avg(f.dep_delay), 1) AS mean_delay
FROM flights f
JOIN weather w ON w.origin = f.origin AND w.time_hour = f.time_hour
WHERE f.dep_delay IS NOT NULL AND w.wind_speed IS NOT NULL
GROUP BY w.origin, weather
HAVING count(*) > 1000
ORDER BY w.origin, mean_delay, flights
